package ipvs

func h() {
	replace = nil // want state
	var word string
	word = "a local one"
}
