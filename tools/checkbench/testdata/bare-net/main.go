// Command bare-net sends one query and reads one reply without a DNS library, both as bytes: the
// least that a Go program with a socket can cost.
package main

import (
	"net"
	"os"
	"time"
)

func main() {
	conn, err := net.Dial("udp", os.Args[1])
	if err != nil {
		os.Exit(1)
	}
	_ = conn.SetDeadline(time.Now().Add(2 * time.Second))
	// ID 0x1234, RD, one question: example.com SOA IN (RFC 1035 section 4.1).
	_, _ = conn.Write([]byte("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07example\x03com\x00\x00\x06\x00\x01"))
	reply := make([]byte, 512)
	n, err := conn.Read(reply)
	if err != nil || n < 12 || reply[3]&0x0f != 0 {
		os.Exit(1)
	}
}
