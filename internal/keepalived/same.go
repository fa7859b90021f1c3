package keepalived

import "reflect"

// Same reports whether two parts of configurations say the same, wherever they stand: a comment above them changes
// every line number, and nothing of what they mean.
func Same[T any](a, b T) bool { return same(reflect.ValueOf(a), reflect.ValueOf(b)) }

func same(a, b reflect.Value) bool {
	switch a.Kind() {
	case reflect.Pointer:
		if a.IsNil() || b.IsNil() {
			return a.IsNil() == b.IsNil()
		}
		return same(a.Elem(), b.Elem())
	case reflect.Slice:
		if a.Len() != b.Len() {
			return false
		}
		for i := range a.Len() {
			if !same(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	case reflect.Struct:
		t := a.Type()
		if t == reflect.TypeFor[Pos]() {
			return true
		}
		for i := range t.NumField() {
			if !t.Field(i).IsExported() { // a value such as netip.Addr
				return a.Equal(b)
			}
			if !same(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	default:
		return a.Equal(b)
	}
}
