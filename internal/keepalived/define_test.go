package keepalived_test

import "testing"

// TestDefinitions has what stands for a text (keepalived's lib/parser.c: check_definition(), replace_param()).
func TestDefinitions(t *testing.T) {
	readStatements(t, virtualServerFrame, []statement{
		{name: "a name", lines: "$A=wrr\nlb_algo $A", want: "Scheduler=wrr"},
		{name: "a name in braces", lines: "$A=w\nlb_algo ${A}rr", want: "Scheduler=wrr"},
		{
			name: "a name without braces ends at no letter", lines: "$A=w\nlb_algo $Arr",
			notes: []string{
				`trap at 2: "$Arr" is not defined: keepalived reads the text as it stands`,
				`ignored at 2: lb_algo: keepalived knows no scheduler "$Arr"`,
			},
		},
		{name: "a name without braces before a sign", lines: "$A=www\nvirtualhost $A.example.com", want: "VirtualHost=$A.example.com"},
		{name: "the last text counts", lines: "$A=rr\n$A=wrr\nlb_algo $A", want: "Scheduler=wrr"},
		{name: "a text that is read when it is used", lines: "$A=$B\n$B=wrr\nlb_algo $A", want: "Scheduler=wrr"},
		{
			name: "a name that begins with a digit", lines: "$1=wrr\nlb_algo $1",
			notes: []string{
				`unknown at 1: keepalived does not know "$1=wrr" here and skips the line`,
				`ignored at 2: lb_algo: keepalived knows no scheduler "$1"`,
			},
		},
		{
			name: "a blank before the sign", lines: "$A =wrr\nlb_algo lc",
			want: "Scheduler=lc",
			notes: []string{
				`trap at 1: "$A" is not defined: keepalived reads the text as it stands`,
				`unknown at 1: keepalived does not know "$A" here and skips the line`,
			},
		},
		{name: "a blank behind the sign", lines: "$A=  wrr\nlb_algo $A", want: "Scheduler=wrr"},
		{name: "no text", lines: "$A=\nlb_algo ${A}wrr", want: "Scheduler=wrr"},
		{name: "a whole line", lines: "$A=lb_algo wrr\n$A", want: "Scheduler=wrr"},
		{name: "two lines", lines: "$A=lb_algo wrr\\\nlb_kind DR\n$A", want: "Scheduler=wrr Forward.Method=DR"},
		{name: "the sign of comments", lines: "virtualhost a${_HASH}b", want: "VirtualHost=a"},
		{name: "the other sign of comments", lines: "virtualhost a${_BANG}b", want: "VirtualHost=a"},
		{name: "the name of this keepalived", lines: "virtualhost ${_INSTANCE}", want: "VirtualHost=host"},
		{name: "the directory", lines: "virtualhost ${_PWD}", want: "VirtualHost=/etc/keepalived"},
		{
			name: "a name that is not defined", lines: "virtualhost $NONE",
			want:  "VirtualHost=$NONE",
			notes: []string{`trap at 1: "$NONE" is not defined: keepalived reads the text as it stands`},
		},
		{
			name: "the environment before 2.4", version: "2.3.4", lines: "virtualhost ${_ENV HOME}",
			want: "VirtualHost=$",
			notes: []string{
				"ignored at 1: an opening brace that does not belong here: the lines up to the closing one belong to the block around it",
				`unknown at 1: keepalived does not know "_ENV" here and skips the line`,
				`unknown at 2: keepalived does not know "}" here and skips the line`,
			},
		},
		{
			name: "the environment since 2.4", version: "2.4.0", lines: "virtualhost a${_ENV HOME}",
			want:  "VirtualHost=a",
			notes: []string{"unresolved at 1: ${_ENV HOME} is a variable of keepalived's environment: write the value itself"},
		},
		{
			name: "any number", lines: "virtualhost ${_RANDOM 5 9}",
			want: "VirtualHost=5",
			notes: []string{
				"unresolved at 1: ${_RANDOM} is another number for each process of keepalived and at each start: write the number itself",
			},
		},
	})
}

// TestConditions has lines that count for one keepalived alone; this one is called host.
func TestConditions(t *testing.T) {
	readStatements(t, virtualServerFrame, []statement{
		{name: "this one", lines: "@host lb_algo wrr", want: "Scheduler=wrr"},
		{name: "another", lines: "@other lb_algo wrr"},
		{name: "all but this one", lines: "@^host lb_algo wrr"},
		{name: "all but another", lines: "@^other lb_algo wrr", want: "Scheduler=wrr"},
		{name: "the beginning of the name", lines: "@hos lb_algo wrr"},
		{name: "more than the name", lines: "@host1 lb_algo wrr"},
		{name: "the name in capitals", lines: "@HOST lb_algo wrr"},
		{name: "a name alone", lines: "@host"},
		{name: "a tab behind the name", lines: "@host\tlb_algo wrr", want: "Scheduler=wrr"},
		{name: "a blank behind the sign", lines: "@ host lb_algo wrr"},
		{
			name: "a condition of a condition", lines: "@host @host lb_algo wrr",
			notes: []string{`unknown at 1: keepalived does not know "@host" here and skips the line`},
		},
		{name: "a definition", lines: "@host $A=wrr\n@other $A=lc\nlb_algo $A", want: "Scheduler=wrr"},
	})
}
