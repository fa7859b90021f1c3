package ipvs

// Report is what the file is called after.
type Report struct{}
