package dnscount

// MaxSample is the largest sample: one transaction in 1 << MaxSample.
const MaxSample = 10

// sampleFactor is 2^32 divided by the golden ratio: multiplying by it spreads neighbours far apart.
const sampleFactor = 0x9e3779b1

// SampleFactor is what a filter in the kernel multiplies by, to choose as Sampled does.
const SampleFactor uint32 = sampleFactor

// Sampled reports whether a sample of one in 1 << shift has a transaction. It depends on nothing but what query and
// response share and no hop changes, so all copies of a packet on all hosts have the same answer, and samples of
// different hosts are of the same transactions. TCP has no ID at a fixed place: 0 stands for it, and whole connections are chosen.
func Sampled(id, clientPort uint16, shift uint8) bool {
	// A shift of 32 gives 0 in Go.
	return (uint32(id)<<16|uint32(clientPort))*sampleFactor>>(32-shift) == 0
}
