package journal

import (
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/lvsdns/lvsdns/internal/ownfile"
)

// TestKept: who looks whether a lock is kept is not taken for its keeper, neither by others who look nor by one who takes it.
func TestKept(t *testing.T) {
	dir := t.TempDir()
	look := func() bool {
		kept, err := Kept(dir, ReaderLock)
		if err != nil {
			t.Error(err)
		}
		return kept
	}
	var many sync.WaitGroup
	for range 50 {
		many.Go(func() {
			for range 50 {
				if look() {
					t.Error("a lock is kept that nobody has taken")
				}
			}
		})
	}
	many.Wait()

	fd, err := ownfile.OpenLock(filepath.Join(dir, ReaderLock))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Flock(fd, syscall.LOCK_SH); err != nil { // as one who looks and is not done
		t.Fatal(err)
	}
	if look() || Believe(dir, ReaderLock) {
		t.Error("one who looks is taken for a keeper")
	}
	got := make(chan *Lock)
	go func() {
		lock, err := TryLock(dir, ReaderLock)
		if err != nil {
			t.Error(err)
		}
		got <- lock
	}()
	_ = syscall.Close(fd)
	lock := <-got
	if lock == nil {
		t.Fatal("one who looks keeps a lock from its keeper")
	}
	if !look() || !Believe(dir, ReaderLock) {
		t.Error("a lock that is kept is not seen")
	}
	if other, err := TryLock(dir, ReaderLock); other != nil || err != nil {
		t.Errorf("a lock is given twice: %v", err)
	}
	lock.Release()
	if look() {
		t.Error("a lock is kept after its release")
	}
}
