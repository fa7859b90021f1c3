package probe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"github.com/lvsdns/lvsdns/internal/fallback/health"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// maxFile is how much of a tracked file keepalived reads (process_track_file in track_file.c).
const maxFile = 127

// file reads the number in a tracked file. A file that is missing or holds no number is 0, as for keepalived.
func file(k *keepalived.Checker) (Probe, error) {
	path := k.File.Path.V
	if path == "" {
		return nil, unsupported(k.Pos, "FILE_CHECK: track_file %s names no file; add one (file)", k.File.Name.V)
	}
	return func(context.Context) health.Result {
		f, err := os.Open(path)
		if errors.Is(err, fs.ErrNotExist) {
			return health.Result{Pass: true, Reason: path + " is not there"}
		}
		if err != nil {
			return unknown("%v", err)
		}
		defer f.Close()
		text, err := io.ReadAll(io.LimitReader(f, maxFile))
		if err != nil {
			return unknown("%v", err)
		}
		value := number(string(text))
		return health.Result{Pass: true, Value: value, Reason: fmt.Sprintf("%s has %d", path, value)}
	}, nil
}

// number reads as strtol does with base 0, in the glibc of Debian 13: what follows the digits does not count.
func number(s string) int64 {
	s = strings.TrimLeft(s, " \t\n\v\f\r")
	end := 0
	for end < len(s) && strings.IndexByte("+-0123456789abcdefABCDEFxX", s[end]) >= 0 {
		end++
	}
	for ; end > 0; end-- {
		if n, err := strconv.ParseInt(s[:end], 0, 64); err == nil || errors.Is(err, strconv.ErrRange) {
			return n
		}
	}
	return 0
}
