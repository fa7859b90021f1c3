package keepalived_test

import "testing"

// TestHTTP has HTTP_GET but for its urls (check_http.c).
func TestHTTP(t *testing.T) {
	readStatements(t, check("HTTP_GET", "url {", "path /", "}"), []statement{
		{
			name: "the old word for retry", lines: "nb_get_retry 0",
			want:  "rs.check.Retry=0",
			notes: []string{"adjusted at 1: nb_get_retry is an old name of retry"},
		},
		{name: "a name", lines: "virtualhost www.example.com", want: "rs.check.HTTP.VirtualHost=www.example.com"},
		{name: "no name", lines: "virtualhost", notes: []string{"ignored at 1: virtualhost needs a value"}},
		{name: "HTTP 1.0 with the length", lines: "http_protocol 1.0c", want: "rs.check.HTTP.Version=1.0C"},
		{name: "HTTP 1.1", lines: "http_protocol 1.1", want: "rs.check.HTTP.Version=1.1"},
		{name: "HTTP 2", lines: "http_protocol 2", notes: []string{`ignored at 1: http_protocol: "2" is not 1.0, 1.0C or 1.1`}},
		{name: "HTTP of no version", lines: "http_protocol", notes: []string{"ignored at 1: http_protocol needs a value"}},
		{name: "names for TLS", lines: "enable_sni", want: "rs.check.HTTP.SNI=true"},
		{
			name: "names for TLS perhaps", lines: "enable_sni 1",
			notes: []string{`ignored at 1: enable_sni: "1" is neither true nor false`},
		},
		{name: "no fast recovery", lines: "fast_recovery off"},
		{name: "fast recovery", lines: "fast_recovery", want: "rs.check.HTTP.FastRecovery=true"},
		{
			name: "strict TLS before 2.2.8", version: "2.2.7", lines: "tls_compliant",
			notes: []string{`unknown at 1: keepalived does not know "tls_compliant" here before 2.2.8 and skips the line`},
		},
		{name: "strict TLS since 2.2.8", version: "2.2.8", lines: "tls_compliant", want: "rs.check.HTTP.TLSCompliant=true"},
		{
			name: "a name for SNI twice", version: "2.4.4", lines: "sni_name a.example\nsni_name b.example",
			want:  "rs.check.HTTP.SNI=true rs.check.HTTP.SNIName=b.example",
			notes: []string{`adjusted at 2: sni_name is already "a.example": keepalived takes "b.example"`},
		},
		{
			name: "a name for SNI and none", version: "2.4.4", lines: "sni_name a.example\nsni_name",
			want:  "rs.check.HTTP.SNI=true rs.check.HTTP.SNIName=a.example",
			notes: []string{`ignored at 2: sni_name is already "a.example"`},
		},
		{
			name: "a url without a path", lines: "url {\nstatus_code 204\n}",
			notes: []string{"ignored at 3: the url has no path: keepalived leaves it out"},
		},
	})
}

const urlFrame = `virtual_server 192.0.2.1 80 {
protocol TCP
lb_algo rr
lb_kind NAT
real_server 10.0.0.1 80 {
HTTP_GET {
url {
path /
%s
}
}
}
}
`

// TestURL has what a check asks for and what it takes for an answer.
func TestURL(t *testing.T) {
	readStatements(t, urlFrame, []statement{
		{name: "the last path counts", lines: "path /a\npath /b", want: "rs.check.HTTP.URLs[0].Path=/b"},
		{
			name: "a sum", lines: "digest 0123456789abcdefABCDEF0123456789",
			want: "rs.check.HTTP.URLs[0].Digest=0123456789abcdefABCDEF0123456789",
		},
		{
			name: "a second sum", lines: "digest 0123456789abcdef0123456789abcdef\ndigest 00000000000000000000000000000000",
			want:  "rs.check.HTTP.URLs[0].Digest=0123456789abcdef0123456789abcdef",
			notes: []string{"ignored at 2: digest is already 0123456789abcdef0123456789abcdef"},
		},
		{
			name: "a sum of another kind", lines: "digest 0123456789abcdef0123456789abcdef01234567",
			notes: []string{`ignored at 1: digest: "0123456789abcdef0123456789abcdef01234567" is not an MD5 sum`},
		},
		{
			name: "a sum with a letter that is none", lines: "digest 0123456789abcdef0123456789abcdeg",
			notes: []string{`ignored at 1: digest: "0123456789abcdef0123456789abcdeg" is not an MD5 sum`},
		},
		{name: "the first and the last code", lines: "status_code 100 599", want: "rs.check.HTTP.URLs[0].StatusCodes=[100 599]"},
		{
			name: "codes beyond them", lines: "status_code 99 600 200",
			want:  "rs.check.HTTP.URLs[0].StatusCodes=[200]",
			notes: []string{`ignored at 1: status_code: "99" is not valid`, `ignored at 1: status_code: "600" is not valid`},
		},
		{name: "a range of codes", lines: "status_code 200-299", want: "rs.check.HTTP.URLs[0].StatusCodes=[200-299]"},
		{
			name: "a range the wrong way round", lines: "status_code 299-200",
			notes: []string{`ignored at 1: status_code: "299-200" is not valid`},
		},
		{name: "a range without its end", lines: "status_code 200-", notes: []string{`ignored at 1: status_code: "200-" is not valid`}},
		{
			name: "a range that goes too far", lines: "status_code 500-600",
			notes: []string{`ignored at 1: status_code: "500-600" is not valid`},
		},
		{
			name: "codes on two lines", lines: "status_code 200\nstatus_code 301 302",
			want: "rs.check.HTTP.URLs[0].StatusCodes=[200 301 302]",
		},
		{name: "a class of codes", lines: "status_code 2xx", notes: []string{`ignored at 1: status_code: "2xx" is not valid`}},
		{name: "a name of its own", lines: "virtualhost www.example.com", want: "rs.check.HTTP.URLs[0].VirtualHost=www.example.com"},
		{name: "a pattern", lines: `regex "a b"`, want: "rs.check.HTTP.URLs[0].Regex=a b"},
		{
			name: "a pattern without quotes", lines: "regex a b",
			notes: []string{"ignored at 1: regex needs one value: put it between quotes"},
		},
		{name: "an escaped pattern", lines: `regex "\\d+"`, want: "rs.check.HTTP.URLs[0].Regex=\\d+"},
		{
			name: "no match has no value", lines: "regex_no_match off",
			want:  "rs.check.HTTP.URLs[0].RegexNoMatch=true",
			notes: []string{`trap at 1: regex_no_match has no value: keepalived ignores "off" and switches it on`},
		},
		{
			name: "the other options", lines: "regex_options caseless\nregex_max_offset 5",
			want: "rs.check.HTTP.URLs[0].Other[0] new rs.check.HTTP.URLs[0].Other[0].Words=[regex_options caseless] " +
				"rs.check.HTTP.URLs[0].Other[1] new rs.check.HTTP.URLs[0].Other[1].Words=[regex_max_offset 5]",
		},
		{
			name: "strict TLS before 2.2.8", version: "2.2.7", lines: "tls_compliant",
			notes: []string{`unknown at 1: keepalived does not know "tls_compliant" here before 2.2.8 and skips the line`},
		},
		{name: "strict TLS since 2.2.8", version: "2.2.8", lines: "tls_compliant no"},
	})
}
