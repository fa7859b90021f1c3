package keepalived_test

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// statement is one rule of keepalived: lines of a block, all that they change in the configuration, and all that is said of them.
type statement struct {
	name, version string
	lines         string
	want          string   // FIELD=VALUE, in the order of the model; empty: nothing
	notes         []string // KIND at LINE: TEXT, the first of the lines being 1
}

// readStatements puts the lines of each row into a text that has nothing to be said of it, and compares it with the text without them.
func readStatements(t *testing.T, frame string, rows []statement) {
	t.Helper()
	before := strings.Count(frame[:strings.Index(frame, "%s")], "\n")
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			base := loadVersion(t, strings.Replace(frame, "%s", "", 1), row.version)
			cfg := loadVersion(t, strings.Replace(frame, "%s", row.lines, 1), row.version)
			var got []string
			changes("", reflect.ValueOf(*base), reflect.ValueOf(*cfg), &got)
			if text := strings.Join(got, " "); text != row.want {
				t.Errorf("changes %s\nwant    %s", text, row.want)
			}
			var notes []string
			for _, n := range cfg.Notes {
				notes = append(notes, fmt.Sprintf("%s at %d: %s", n.Kind, n.Pos.Line-before, n.Text))
			}
			if len(base.Notes) > 0 || !slices.Equal(notes, row.notes) {
				t.Errorf("notes\n%s\nwant\n%s\nbefore: %v", strings.Join(notes, "\n"), strings.Join(row.notes, "\n"), base.Notes)
			}
		})
	}
}

func loadVersion(t *testing.T, text, version string) *keepalived.Config {
	t.Helper()
	o := options(text)
	o.Version = cmp.Or(version, "2.2.7")
	cfg, err := keepalived.Load("/etc/keepalived/keepalived.conf", o)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// fieldNames shorten where a value stands.
var fieldNames = strings.NewReplacer(
	".VirtualServers[0]", "", ".RealServers[0]", ".rs", ".Checkers[0]", ".check", ".Groups[0].Entries", "member",
)

// changes lists what differs between two values, places in the text aside.
func changes(at string, old, new reflect.Value, list *[]string) {
	switch {
	case new.Type() == reflect.TypeFor[keepalived.Pos](), new.Type() == reflect.TypeFor[[]keepalived.Note]():
	case new.Kind() == reflect.Pointer && !new.IsNil():
		if old.IsNil() {
			old = reflect.New(new.Type().Elem())
		}
		changes(at, old.Elem(), new.Elem(), list)
	case new.Kind() == reflect.Struct && new.NumField() > 0 && new.Type().Field(0).IsExported():
		for i := range new.NumField() {
			name := "." + new.Type().Field(i).Name
			if name == ".V" {
				name = ""
			}
			changes(at+name, old.Field(i), new.Field(i), list)
		}
	case new.Kind() == reflect.Slice && new.Type().Elem().Kind() == reflect.Struct:
		for i := range max(old.Len(), new.Len()) {
			place := fmt.Sprintf("%s[%d]", at, i)
			first := reflect.Zero(new.Type().Elem()) // with which a new one is compared
			if old.Len() > 0 {
				first = old.Index(0)
			}
			switch {
			case i >= new.Len():
				*list = append(*list, name(place)+" gone")
			case i >= old.Len():
				*list = append(*list, name(place)+" new")
				changes(place, first, new.Index(i), list)
			default:
				changes(place, old.Index(i), new.Index(i), list)
			}
		}
	case !reflect.DeepEqual(old.Interface(), new.Interface()):
		*list = append(*list, fmt.Sprintf("%s=%v", name(at), new.Interface()))
	}
}

func name(place string) string { return strings.TrimPrefix(fieldNames.Replace(place), ".") }

// check is the frame of one check, with words that it needs behind the lines.
func check(kind string, needs ...string) string {
	return strings.Replace(checkFrame, "KIND {\n%s", strings.Join(append([]string{kind + " {\n%s"}, needs...), "\n"), 1)
}
