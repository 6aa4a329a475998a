//go:build !race

package wsframe_test

const raced = false // the race detector is not built in
