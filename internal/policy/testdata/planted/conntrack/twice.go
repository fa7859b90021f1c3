// Package conntrack says it again. // want package comment
package conntrack
