package main

// The exit statuses.
const (
	exitDone  = 0
	exitWrong = 1
	exitUsage = 2
)
