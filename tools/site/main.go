//go:build site

// Command site makes the documents of this repository a site of plain files, which a browser reads from a disk or from any web server:
//
//	go run -modfile=tools/site.mod -tags site ./tools/site -o dist/site
//
// It has the tag site because goldmark, which reads Markdown, is locked beside the product's go.mod, as all that no program ships.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	root := flag.String("root", ".", "the `directory` of the repository")
	out := flag.String("o", "dist/site", "the `directory` to write, which is made anew")
	flag.Parse()
	if err := run(*root, *out); err != nil {
		fmt.Fprintln(os.Stderr, "site:", err)
		os.Exit(1)
	}
}

func run(root, out string) error {
	pages, err := build(os.DirFS(root))
	if err != nil {
		return err
	}
	if err := os.RemoveAll(out); err != nil {
		return err
	}
	return pages.write(out)
}
