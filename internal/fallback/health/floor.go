package health

import "math"

// need is how many real servers of a virtual server the floor keeps in service.
func (m *Machine) need(v *virtual) int {
	if m.options.Floor <= 0 {
		return 0
	}
	checked := 0
	for _, s := range v.servers {
		if len(s.checks) > 0 {
			checked++
		}
	}
	return int(math.Ceil(m.options.Floor * float64(checked)))
}

// held reports whether the floor keeps a real server in service although its check fails: of those that failed, the last ones,
// which were seen to work most lately.
func (m *Machine) held(s *server) bool {
	if s.up || s.failed == 0 {
		return false // that was not in service has nothing to be held in
	}
	need := m.need(s.of)
	for _, o := range s.of.servers {
		if o.up && len(o.checks) > 0 || !o.up && o.failed > s.failed {
			need--
		}
	}
	return need > 0
}

// floored reports whether the floor holds any real server, so that no sorry server is needed.
func (m *Machine) floored(v *virtual) bool {
	for _, s := range v.servers {
		if m.held(s) {
			return true
		}
	}
	return false
}

// Held lists the real servers that only the floor keeps in service.
func (m *Machine) Held() []*Check {
	var list []*Check
	for _, v := range m.virtuals {
		for _, s := range v.servers {
			if m.held(s) {
				list = append(list, s.checks[0])
			}
		}
	}
	return list
}
