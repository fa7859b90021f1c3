// Command lvsdns-check asks a name server questions and says by its exit
// status whether the server is fit to serve.
package main

import (
	"fmt"
	"os"
	"syscall"

	"github.com/lvsdns/lvsdns/checker/command"
	"github.com/lvsdns/lvsdns/cmd/internal/checkmain"
)

func main() { os.Exit(checkmain.Run(command.Program{HandOver: becomeTLS})) }

// becomeTLS continues as lvsdns-check-tls, which stands beside this program.
func becomeTLS() error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding lvsdns-check-tls: %w", err)
	}
	tls := self + "-tls"
	args := append([]string{tls}, os.Args[1:]...)
	return fmt.Errorf("transports tls and https need %s: %w", tls, syscall.Exec(tls, args, os.Environ()))
}
