// Command manual writes manual pages and shell completions from what the
// programs themselves print as help, and from the settings in packaging/.
package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

func main() {
	bin := flag.String("bin", "bin", "`directory` of the programs")
	out := flag.String("out", "dist/share", "`directory` to write to: what is below it belongs into /usr/share")
	packaging := flag.String("packaging", "packaging", "`directory` of the settings files")
	version := flag.String("version", "devel", "`version` for the foot of the pages")
	seconds := flag.Int64("date", 0, "date of the pages, in `seconds` since 1970")
	flag.Parse()
	files, err := write(*bin, *packaging, edition{*version, time.Unix(*seconds, 0)})
	for name, content := range files {
		if err == nil {
			err = save(filepath.Join(*out, name), content)
		}
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "manual: %v\n", err)
		os.Exit(1)
	}
}

// write makes all files: each below /usr/share by its name.
func write(bin, packaging string, e edition) (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, p := range programs {
		h, err := ask(bin, p.name)
		if err != nil {
			return nil, err
		}
		name := fmt.Sprintf("%s.%s", p.name, p.section)
		files[manual(p.section, name)] = squeeze(page(p, h, e))
		for _, aka := range p.aka {
			files[manual(p.section, aka+"."+p.section)] = []byte(linkTo + name + ".gz")
		}
		files["bash-completion/completions/"+p.name] = []byte(bash(p.name, h))
		files["zsh/vendor-completions/_"+p.name] = []byte(zsh(p.name, h))
		files["fish/vendor_completions.d/"+p.name+".fish"] = []byte(fish(p.name, h))
		if p.settings == "" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(packaging, p.settings))
		if err != nil {
			return nil, err
		}
		s, err := parseSettings(string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.settings, err)
		}
		files[manual("5", p.name+".yaml.5")] = squeeze(settingsPage(p, s, e))
	}
	return files, nil
}

func manual(section, name string) string { return "man/man" + section + "/" + name + ".gz" }

// squeeze is "gzip -9n": without a name and a time, so that the same page is the same file.
func squeeze(s string) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is one of those that there are
	_, _ = w.Write([]byte(s))                             // a bytes.Buffer takes all
	_ = w.Close()
	return b.Bytes()
}

// linkTo begins the content of a file that is a link to the one beside it.
const linkTo = "link to "

func save(name string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if target, is := strings.CutPrefix(string(content), linkTo); is {
		return os.Symlink(target, name)
	}
	return os.WriteFile(name, content, 0o644)
}
