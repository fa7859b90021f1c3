// Command lvsdns-fallback programs IPVS from keepalived.conf when keepalived's checker cannot.
package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/lvsdns/lvsdns/cmd/internal/version"
	"github.com/lvsdns/lvsdns/internal/daemon"
)

func main() {
	daemon.Main(func(ctx context.Context) int { return run(ctx, os.Args[1:], os.Stdout, os.Stderr) })
}

const usage = `usage: lvsdns-fallback COMMAND [flags]

  plan          which writes would bring the kernel's IPVS table to what keepalived.conf orders? It writes nothing.
  run           take the table over, and keep it as keepalived.conf and its checks say
  hand-back     end the one that runs, so that keepalived can start again
  status        who programs IPVS here, and is the table as configured? It changes nothing.
  check-config  are the settings of run right? It changes nothing.

lvsdns-fallback COMMAND --help lists the flags of a command.
`

// Exit statuses.
const (
	exitSame    = 0
	exitError   = 1
	exitDiffers = 2
)

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		fmt.Fprint(stderr, usage)
		return exitError
	}
	switch args[0] {
	case "plan":
		return planCommand(ctx, args[1:], stdout, stderr)
	case "run":
		return runCommand(ctx, args[1:], stdout, stderr)
	case "hand-back":
		return handBackCommand(ctx, args[1:], stdout, stderr)
	case "status":
		return statusCommand(ctx, args[1:], stdout, stderr)
	case "check-config":
		return checkCommand(args[1:], stdout, stderr)
	case "version", "--version":
		fmt.Fprintf(stdout, "lvsdns-fallback %s\n", version.Program())
		return exitSame
	case "help", "-h", "-help", "--help":
		fmt.Fprint(stdout, usage)
		return exitSame
	default:
		fmt.Fprintf(stderr, "lvsdns-fallback: there is no command %q; lvsdns-fallback --help lists them\n", args[0])
		return exitError
	}
}
