// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package lenient

import "testing"

func TestWhatIsUnsetIsZero(t *testing.T) {
	yes, no, text := true, false, "text"
	if IsTrue(nil) || IsTrue(&no) || !IsTrue(&yes) {
		t.Error("a flag is true only if it is set to true")
	}
	if OrEmpty[string](nil) != "" || OrEmpty(&text) != text {
		t.Error("a text that is not set is empty")
	}
	if Atoi("7") != 7 || Atoi("x") != 0 || Atoi("") != 0 {
		t.Error("a text that is no number is 0")
	}
}
