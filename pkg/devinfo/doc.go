// Package devinfo handles the files that describe devices (device information
// specification 1.1.0): a device plugin writes one for each device, the attachment
// has a copy of its own, which its CNI plugins may read and change, and what they
// leave is published in the pod's network status.
package devinfo
