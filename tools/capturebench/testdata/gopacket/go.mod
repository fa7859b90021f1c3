module github.com/lvsdns/lvsdns/tools/capturebench/testdata/gopacket

go 1.26.0

require (
	github.com/gopacket/gopacket v1.3.1
	golang.org/x/net v0.28.0
)

require golang.org/x/sys v0.24.0 // indirect
