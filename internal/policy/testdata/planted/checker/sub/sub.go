// Package sub belongs to its leaf.
package sub

import _ "github.com/lvsdns/lvsdns/checker"
