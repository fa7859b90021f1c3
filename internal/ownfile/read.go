package ownfile

import (
	"errors"
	"os"
	"strconv"
	"syscall"
)

// Read reads a file of root's or of our own user. One that is longer than most is an error.
func Read(path string, most int) ([]byte, error) { return read(path, most, believed) }

// Peek reads a file whosever it is. It is for those who only show what is in it.
func Peek(path string, most int) ([]byte, error) {
	return read(path, most, func(*syscall.Stat_t) error { return nil })
}

func read(path string, most int, owner func(*syscall.Stat_t) error) ([]byte, error) {
	fd, info, err := open(path, syscall.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	defer syscall.Close(fd)
	if err = regular(&info); err == nil {
		err = owner(&info)
	}
	if err != nil {
		return nil, &os.PathError{Op: "read", Path: path, Err: err}
	}
	text := make([]byte, 0, min(int64(most), info.Size)+1)
	for len(text) <= most {
		if len(text) == cap(text) { // it grows while it is read
			text = append(text, 0)[:len(text)]
		}
		room, n := text[len(text):cap(text)], 0
		err := retry(func() (err error) {
			n, err = syscall.Read(fd, room)
			return err
		})
		if err != nil {
			return nil, &os.PathError{Op: "read", Path: path, Err: err}
		}
		if text = text[:len(text)+max(n, 0)]; n < len(room) { // of a regular file that is the end
			break
		}
	}
	if len(text) <= most {
		return text, nil
	}
	return nil, &os.PathError{Op: "read", Path: path, Err: errors.New("it is longer than " + strconv.Itoa(most) + " bytes; remove it")}
}
