// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"image"
	"image/png"
	"net/http"
)

// screen is a domain's screen: a small grey picture.
func (f *front) screen(w http.ResponseWriter, r *http.Request) {
	if !f.authenticated(w, r) {
		return
	}
	w.Header().Set("Content-Type", "image/png")
	_ = png.Encode(w, image.NewGray(image.Rect(0, 0, 8, 8)))
}
