// Command lvsdns shows an operator what a director does. It reads, and changes
// nothing, but for "lvsdns flows --delete".
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

const usage = `usage: lvsdns COMMAND [flags]

  drift   where do keepalived's configuration, its belief and the kernel differ?
  flows   which UDP flows does the kernel bind to a real server that is gone?
  nft     print rules by which nftables counts DNS packets

lvsdns COMMAND --help lists the flags of a command.
`

// Exit statuses of the commands that judge.
const (
	exitClean = 0
	exitError = 1
	exitFound = 2
)

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		fmt.Fprint(stderr, usage)
		return exitError
	}
	switch args[0] {
	case "drift":
		return driftCommand(ctx, args[1:], stdout, stderr)
	case "flows":
		return flowsCommand(ctx, args[1:], stdout, stderr)
	case "version", "--version":
		fmt.Fprintf(stdout, "lvsdns %s\n", version.Program())
		return exitClean
	case "nft":
		return nftCommand(ctx, args[1:], stdout, stderr)
	case "help", "-h", "-help", "--help":
		fmt.Fprint(stdout, usage)
		return exitClean
	default:
		fmt.Fprintf(stderr, "lvsdns: there is no command %q; lvsdns --help lists them\n", args[0])
		return exitError
	}
}
