// Command lvsdns-check-tls is lvsdns-check with DNS over TLS and DNS over
// HTTPS. lvsdns-check starts it when asked for one of the two.
package main

import (
	"os"

	"github.com/lvsdns/lvsdns/checker"
	"github.com/lvsdns/lvsdns/checker/command"
	"github.com/lvsdns/lvsdns/checker/encrypted"
	"github.com/lvsdns/lvsdns/cmd/internal/checkmain"
)

func main() { os.Exit(checkmain.Run(command.Program{Encrypted: client})) }

func client(o command.TLSOptions) (checker.Encrypted, error) {
	return encrypted.New(encrypted.Options(o))
}
