package config

import "testing"

// TestWords: what may be said in more than one way means one thing.
func TestWords(t *testing.T) {
	for _, tt := range []struct{ key, flag, want string }{
		{"log.format", "logfmt", "logfmt"}, {"log.format", "text", "logfmt"}, {"log.format", "json", "json"}, {"log.format", "xml", ""},
		{"dns.capture", "auto", "auto"}, {"dns.capture", "true", "true"}, {"dns.capture", "false", "false"}, {"dns.capture", "yes", ""},
	} {
		e := NewExporter()
		err := fromFlags(e.options(), Flags{tt.key: {tt.flag}})
		if got := now(e.options(), tt.key); (err == nil) != (tt.want != "") || err == nil && got != tt.want {
			t.Errorf("--%s=%s is %s, %v; want %q", tt.key, tt.flag, got, err, tt.want)
		}
	}
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"--dns.capture"}, "true"}, {[]string{"--dns.capture=auto"}, "auto"}, {[]string{"--dns.capture=false"}, "false"},
	} {
		a, err := ExporterArguments(tt.args)
		e := NewExporter()
		if err != nil || fromFlags(e.options(), a.Flags) != nil || e.DNS.Capture != tt.want {
			t.Errorf("%q: %s, %v", tt.args, e.DNS.Capture, err)
		}
	}
	n := NewNotify()
	if err := n.Flags(Flags{"log.level": {"debug"}, "log.format": {"json"}}); err != nil || n.Log.Format != "json" || n.Log.Level >= 0 {
		t.Errorf("lvsdns-notify fifo with flags: %+v, %v", n.Log, err)
	}
}
