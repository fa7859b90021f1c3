// A comment that go doc cannot use. // want package comment
package config

import (
	"flag"
	"log"
	env "os"
	"os/signal"
)

func read() {
	_ = env.Getenv("HOME") // want process
	_ = env.Args           // want process
	flag.Parse()           // want process
	log.Fatal("the end")   // want process
	signal.Ignore()        // want process
	_, _ = env.Open("fine")
	_ = flag.NewFlagSet("fine", flag.ContinueOnError)
}
