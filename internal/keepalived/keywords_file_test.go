package keepalived_test

import "testing"

// TestTrackFile has the files of which numbers are read (keepalived/trackers/track_file.c). It is the check that uses one.
func TestTrackFile(t *testing.T) {
	readStatements(t, `track_file F {
file /run/f
%s
}
virtual_server 192.0.2.1 53 {
protocol UDP
lb_algo rr
lb_kind NAT
real_server 10.0.0.1 53 {
FILE_CHECK {
track_file F
}
}
}
`, []statement{
		{name: "a weight", lines: "weight 10", want: "rs.check.File.Weight=10"},
		{name: "a weight below zero", lines: "weight -254 reverse", want: "rs.check.File.Weight=-254 rs.check.File.Reverse=true"},
		{
			name: "a weight of a priority at most", lines: "weight 255",
			notes: []string{"ignored at 1: weight: 255 is not between -254 and 254"},
		},
		{
			name: "the way round alone does not count", lines: "weight 0 noreverse",
			want:  "rs.check.File.Weight=0",
			notes: []string{`ignored at 1: weight: keepalived knows no option "noreverse" here`},
		},
		{
			name: "a second weight", lines: "weight 10\nweight 20",
			want:  "rs.check.File.Weight=10",
			notes: []string{"ignored at 2: weight is already 10"},
		},
		{name: "a second weight behind the default", lines: "weight 1\nweight 20", want: "rs.check.File.Weight=20"},
		{
			name: "a weight with text behind it", lines: "weight 5%",
			want:  "rs.check.File.Weight=5",
			notes: []string{`adjusted at 1: weight: "5%" is not a number: keepalived reads 5`},
		},
		{
			name: "a weight of no digits", lines: "weight x",
			want:  "rs.check.File.Weight=0",
			notes: []string{`adjusted at 1: weight: "x" is not a number: keepalived reads 0`},
		},
		{name: "no weight", lines: "weight", notes: []string{"ignored at 1: weight needs a value"}},
		{name: "a second file", lines: "file /run/g", notes: []string{`ignored at 1: file is already "/run/f"`}},
		{name: "no file", lines: "file", notes: []string{"ignored at 1: file needs a name"}},
		{name: "a start", lines: "init_file 5 overwrite"},
	})
}

// TestFileCheck has FILE_CHECK (check_file.c), whose weight is one of IPVS.
func TestFileCheck(t *testing.T) {
	readStatements(t, `track_file F {
file /run/f
weight 3 reverse
}
track_file G {
file /run/g
}
virtual_server 192.0.2.1 53 {
protocol UDP
lb_algo rr
lb_kind NAT
real_server 10.0.0.1 53 {
FILE_CHECK {
track_file F
%s
}
}
}
`, []statement{
		{
			name: "the last file counts", lines: "track_file G",
			want: "rs.check.File.Name=G rs.check.File.Path=/run/g rs.check.File.Weight=1 rs.check.File.Reverse=false",
		},
		{
			name: "a file that is not there", lines: "track_file H",
			notes: []string{`ignored at 1: there is no track_file "H" before this line`},
		},
		{
			name: "a weight of its own has its own direction", lines: "weight 300",
			want: "rs.check.File.Weight=300 rs.check.File.Reverse=false",
		},
		{name: "a weight of nothing is one", lines: "weight 0", want: "rs.check.File.Weight=0 rs.check.File.Reverse=false"},
		{name: "a weight with its direction", lines: "weight -5 reverse", want: "rs.check.File.Weight=-5"},
		{name: "no direction", lines: "weight 5 noreverse", want: "rs.check.File.Weight=5 rs.check.File.Reverse=false"},
		{
			name: "a direction that is none", lines: "weight 5 backwards",
			notes: []string{`ignored at 1: weight: keepalived knows no option "backwards"`},
		},
		{name: "the largest weight", lines: "weight 2147483647", want: "rs.check.File.Weight=2147483647 rs.check.File.Reverse=false"},
		{
			name: "a larger weight", lines: "weight 2147483648",
			notes: []string{"ignored at 1: weight: 2147483648 is not between -2147483647 and 2147483647"},
		},
		{name: "no weight", lines: "weight", notes: []string{"ignored at 1: weight needs a value"}},
		{
			name: "alpha, which others have", lines: "alpha",
			notes: []string{`unknown at 1: keepalived does not know "alpha" here and skips the line`},
		},
	})
}

// TestFilesApart has what comes of a block as a whole.
func TestFilesApart(t *testing.T) {
	readStatements(t, `track_file F {
file /run/f
}
%s
virtual_server 192.0.2.1 53 {
protocol UDP
lb_algo rr
lb_kind NAT
real_server 10.0.0.1 53 {
FILE_CHECK {
track_file F
}
}
}
`, []statement{
		{
			name: "one without a file", lines: "track_file G {\nweight 3\n}",
			notes: []string{`ignored at 3: track_file "G" names no file: keepalived leaves it out`},
		},
		{
			name: "another of that name", lines: "track_file F {\nfile /run/g\n}",
			notes: []string{`trap at 3: there is a track_file "F" already at /etc/keepalived/keepalived.conf:1, and keepalived uses that`},
		},
		{
			name: "another of that name under the old word", lines: "vrrp_track_file F {\nfile /run/g\n}",
			notes: []string{`trap at 3: there is a track_file "F" already at /etc/keepalived/keepalived.conf:1, and keepalived uses that`},
		},
		{
			name: "a check that comes before its file", lines: "virtual_server 192.0.2.2 53 {\nprotocol UDP\nlb_algo rr\nlb_kind NAT\n" +
				"real_server 10.0.0.1 53 {\nFILE_CHECK {\ntrack_file G\n}\n}\n}\ntrack_file G {\nfile /run/g\n}",
			want: "Addr=192.0.2.2 rs.check gone VirtualServers[1] new",
			notes: []string{
				`ignored at 7: there is no track_file "G" before this line`,
				"ignored at 8: FILE_CHECK has no track_file: keepalived drops the checker, and the real server counts as up",
			},
		},
	})
}
