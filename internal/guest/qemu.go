package guest

import "errors"

func qemu(s Spec, dir string) (boot, error) { return boot{}, errors.New("not yet") }
