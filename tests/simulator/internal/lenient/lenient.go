// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Package lenient reads what the API leaves optional: what is unset or cannot be
// read is the zero value.
package lenient

import "strconv"

// Atoi is the number of a text, and 0 for one that is no number.
func Atoi(text string) int {
	n, _ := strconv.Atoi(text)
	return n
}

// IsTrue is whether a flag is set, and set to true.
func IsTrue(b *bool) bool { return b != nil && *b }

// OrEmpty is what a pointer leads to, and the zero value for nil.
func OrEmpty[T any](p *T) T {
	if p == nil {
		return *new(T)
	}
	return *p
}
