package keepalived

import "testing"

// TestPublic has lines as a note shows them to everybody who reads the metrics: never a command or a password.
func TestPublic(t *testing.T) {
	for _, tt := range []struct{ line, want string }{
		{"~SEQ(i, 9 real_server 10.0.0.$i 53", "~SEQ(i, 9 real_server 10.0.0.$i 53"},
		{`~SEQ(i, 9 misc_path "/bin/check --key secret"`, "~SEQ(i, 9 …"},
		{"~SEQ(i, 9 misc_path /bin/check", "~SEQ(i, 9 …"},
		{`~SEQ(i, 9 label "secret" misc_path /x`, "~SEQ(i, 9 label …"},
		{"~LST(i, a auth_pass secret", "~LST(i, a …"},
		{"~LST(i, a password secret", "~LST(i, a …"},
		{"~LST(i, a notify_master /bin/up", "~LST(i, a …"},
		{"~LST(i, a script /bin/up", "~LST(i, a …"},
		{"misc_path /bin/check", "…"},
		{"", ""},
	} {
		if got := public(tt.line); got != tt.want {
			t.Errorf("public(%q) = %q, want %q", tt.line, got, tt.want)
		}
	}
}

// TestNear has words that stand for a misspelt name of a block, and words that do not.
func TestNear(t *testing.T) {
	for _, tt := range []struct {
		word, name string
		want       bool
	}{
		{"real_server", "real_server", true},
		{"real_serve", "real_server", true},
		{"realserver", "real_server", true},
		{"real-sever", "real_server", true},
		{"rael_server", "real_server", true}, // two letters in each other's place are two
		{"reel_servr2", "real_server", false},
		{"real_server_x", "real_server", true},
		{"real_serverxyz", "real_server", false},
		{"virtual_server_group", "virtual_server", false},
		{"re", "real_server", false},
		{"", "real_server", false},
		{"", "ab", true},
	} {
		if got := near(tt.word, tt.name); got != tt.want || near(tt.name, tt.word) != tt.want {
			t.Errorf("near(%q, %q) = %t and %t the other way round, want %t", tt.word, tt.name, got, near(tt.name, tt.word), tt.want)
		}
	}
}

// TestAddressMend has how to write what is no address to keepalived.
func TestAddressMend(t *testing.T) {
	const names = "write an IP address, and a port behind a blank: keepalived looks up no names"
	for _, tt := range []struct{ before, written, want string }{
		{"real_server", "10.0.0.1:53", "write a blank between address and port: real_server 10.0.0.1 53"},
		{"", "10.0.0.1:53", "write a blank between address and port: 10.0.0.1 53"},
		{"real_server", "[2001:db8::1]:53", "write a blank between address and port: real_server 2001:db8::1 53"},
		{"real_server", "[2001:db8::1]", "write the address without brackets: real_server 2001:db8::1"},
		{"", "[10.0.0.1]", "write the address without brackets: 10.0.0.1"},
		{"real_server", "10.0.0.1:dns", names},
		{"real_server", "10.0.0.1:65536", names},
		{"real_server", "[ns1]", names},
		{"real_server", "ns1.example.com", names},
		{"real_server", "10.0.0.256", names},
	} {
		if got := addressMend(tt.before, tt.written); got != tt.want {
			t.Errorf("addressMend(%q, %q) = %q, want %q", tt.before, tt.written, got, tt.want)
		}
	}
}
