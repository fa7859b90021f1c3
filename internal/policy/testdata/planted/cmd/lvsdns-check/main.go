// Command lvsdns-check is where the process is read.
package main

import (
	"os"
	"os/signal"

	_ "github.com/lvsdns/lvsdns/checker"
	_ "github.com/lvsdns/lvsdns/exporter"
	"github.com/lvsdns/lvsdns/internal/keepalived"
	_ "github.com/lvsdns/lvsdns/lab/demo" // want direction
	_ "github.com/miekg/dns"              // want home
)

func main() {
	signal.Ignore()
	_, _ = keepalived.Load("a", keepalived.Options{}) // want one place
	os.Exit(len(os.Args))
}
