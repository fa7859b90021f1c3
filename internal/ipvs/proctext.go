package ipvs

import (
	"bytes"
	"errors"
	"io"
	"net/netip"
)

// lineRoom is far more than any line of the kernel's, and what one read may give at most: seq_file hands out a page.
const lineRoom = 64 << 10

var (
	errNumber  = errors.New("not a number")
	errAddress = errors.New("not an address")
	errLong    = errors.New("a line is too long")
)

// eachLine hands each line to each, without its end; the bytes are good until each returns. It is no bufio.Scanner,
// which hands out the half line before an error of r like a whole one.
func eachLine(r io.Reader, each func(line []byte) error) error {
	buf := make([]byte, lineRoom)
	end, idle := 0, 0
	for {
		n, readErr := r.Read(buf[end:])
		end += n
		start := 0
		for {
			i := bytes.IndexByte(buf[start:end], '\n')
			if i < 0 {
				break
			}
			if err := each(buf[start : start+i]); err != nil {
				return err
			}
			start += i + 1
		}
		switch {
		case errors.Is(readErr, io.EOF) && start < end:
			return each(buf[start:end])
		case errors.Is(readErr, io.EOF):
			return nil
		case readErr != nil:
			return readErr
		case start == 0 && end == len(buf):
			return errLong
		}
		if idle++; n > 0 {
			idle = 0
		} else if idle > 100 {
			return io.ErrNoProgress
		}
		end = copy(buf, buf[start:end])
	}
}

func hexAddrPort(addr, port []byte) (netip.AddrPort, error) {
	a, err := hexAddr(addr)
	if err != nil {
		return netip.AddrPort{}, err
	}
	p, err := hexadecimal(port, 16)
	return netip.AddrPortFrom(a, uint16(p)), err
}

// hexAddr reads "C0000201" and "2001:0db8:0000:0000:0000:0000:0000:0001" (%08X and %pI6 in the kernel).
func hexAddr(b []byte) (netip.Addr, error) {
	if len(b) == 8 {
		n, err := hexadecimal(b, 32)
		return netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}), err
	}
	if len(b) != 39 {
		return netip.Addr{}, errAddress
	}
	var a [16]byte
	for i := range 8 {
		n, err := hexadecimal(b[5*i:5*i+4], 16)
		if err != nil || i < 7 && b[5*i+4] != ':' {
			return netip.Addr{}, errAddress
		}
		a[2*i], a[2*i+1] = byte(n>>8), byte(n)
	}
	return netip.AddrFrom16(a), nil
}

// hexadecimal reads a hexadecimal number of that many bits. It takes bytes, which strconv does not without
// an allocation for each number.
func hexadecimal(b []byte, size int) (uint64, error) {
	if len(b) == 0 || len(b) > size/4 {
		return 0, errNumber
	}
	var n uint64
	for _, c := range b {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		default:
			return 0, errNumber
		}
		n = n<<4 | uint64(c)
	}
	return n, nil
}

// decimal reads a decimal number of at most 32 bits.
func decimal(b []byte) (uint64, error) {
	if len(b) == 0 || len(b) > 10 {
		return 0, errNumber
	}
	var n uint64
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, errNumber
		}
		n = n*10 + uint64(c-'0')
	}
	if n > 1<<32-1 {
		return 0, errNumber
	}
	return n, nil
}
