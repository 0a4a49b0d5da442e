package kube

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/plan"
)

// claimingPod is as much of a pod as its resource claims are found by.
type claimingPod struct {
	metav1.PartialObjectMetadata
	Spec struct {
		NodeName       string       `json:"nodeName"`
		InitContainers []container  `json:"initContainers"`
		Containers     []container  `json:"containers"`
		ResourceClaims []namedClaim `json:"resourceClaims"`
	} `json:"spec"`
	Status struct {
		// ResourceClaimStatuses has the claims that were made from templates.
		ResourceClaimStatuses []namedClaim `json:"resourceClaimStatuses"`
		// ExtendedResourceClaimStatus has the one claim that was made for the
		// extended resources that a scheduler met with devices of drivers.
		ExtendedResourceClaimStatus struct {
			ResourceClaimName string `json:"resourceClaimName"`
			RequestMappings   []struct {
				ContainerName string `json:"containerName"`
				ResourceName  string `json:"resourceName"`
				RequestName   string `json:"requestName"`
			} `json:"requestMappings"`
		} `json:"extendedResourceClaimStatus"`
	} `json:"status"`
}

type container struct {
	Name      string `json:"name"`
	Resources struct {
		Claims []struct {
			Name    string `json:"name"`
			Request string `json:"request"`
		} `json:"claims"`
	} `json:"resources"`
}

// namedClaim is what a pod calls a claim. One from a template that turned out not to
// be needed has no claim's name.
type namedClaim struct {
	Name              string `json:"name"`
	ResourceClaimName string `json:"resourceClaimName"`
}

// resourceClaim is a ResourceClaim, as far as it is allocated.
type resourceClaim struct {
	metav1.PartialObjectMetadata
	Status struct {
		Allocation struct {
			Devices struct {
				Results []result `json:"results"`
			} `json:"devices"`
		} `json:"allocation"`
		ReservedFor []struct {
			UID string `json:"uid"`
		} `json:"reservedFor"`
	} `json:"status"`
}

// result is one allocated device.
type result struct {
	device
	Request     string `json:"request"` // of a list of alternatives: request/alternative
	AdminAccess bool   `json:"adminAccess"`
}

// device is an allocated device, in whatever share.
type device struct {
	Driver string `json:"driver"`
	Pool   string `json:"pool"`
	Device string `json:"device"`
}

// use is what a container, or the pod, uses of a claim.
type use struct {
	claim    string // name of the ResourceClaim
	request  string // empty: all of them
	resource string // the extended resource that it was made for; empty: none
}

// uses are what the pod uses, container by container and then the rest.
func (p *claimingPod) uses() []use {
	names := map[string]string{}
	for _, c := range slices.Concat(p.Status.ResourceClaimStatuses, p.Spec.ResourceClaims) {
		names[c.Name] = cmp.Or(c.ResourceClaimName, names[c.Name])
	}
	var uses []use
	extended := p.Status.ExtendedResourceClaimStatus
	for _, c := range slices.Concat(p.Spec.InitContainers, p.Spec.Containers) {
		for _, claim := range c.Resources.Claims {
			uses = append(uses, use{claim: names[claim.Name], request: claim.Request})
		}
		for _, m := range extended.RequestMappings {
			if m.ContainerName == c.Name {
				uses = append(uses, use{extended.ResourceClaimName, m.RequestName, m.ResourceName})
			}
		}
	}
	for _, c := range p.Spec.ResourceClaims {
		uses = append(uses, use{claim: names[c.Name]})
	}
	return slices.DeleteFunc(uses, func(u use) bool { return u.claim == "" })
}

// covers tells whether a device that was allocated for a request is used.
func (u use) covers(request string) bool {
	return u.request == "" || request == u.request || strings.HasPrefix(request, u.request+"/")
}

// ClaimedDevices are the devices of the pod's resource claims by resource, container
// by container. The device's driver tells its ID and its resource in attributes
// of ResourceSlices; one that tells no ID is no network's.
func (c *Client) ClaimedDevices(ctx context.Context, pod plan.Pod) (map[string][]string, error) {
	var p claimingPod
	if err := c.ask(ctx, request{verb: "get", resource: core("pods"), ref: plan.Ref{Namespace: pod.Namespace, Name: pod.Name}}, &p); err != nil {
		return nil, fmt.Errorf("pod: %w", err)
	}
	uses := p.uses()
	if len(uses) > 0 && pod.UID != "" && string(p.UID) != pod.UID {
		return nil, unavailable("the pod of that name has the UID %s, not %s", p.UID, pod.UID)
	}
	claims, found := map[string]*resourceClaim{}, map[string][]string{}
	known := drivers{client: c, node: p.Spec.NodeName, read: map[string]bool{}, told: map[device]attributes{}}
	for _, u := range uses {
		if claims[u.claim] == nil {
			claim, err := c.claim(ctx, plan.Ref{Namespace: p.Namespace, Name: u.claim}, string(p.UID))
			if err != nil {
				return nil, fault.About("ResourceClaim "+p.Namespace+"/"+u.claim, err)
			}
			claims[u.claim] = claim
		}
		for _, r := range claims[u.claim].Status.Allocation.Devices.Results {
			if r.AdminAccess || !u.covers(r.Request) {
				continue
			}
			told, err := known.attributes(ctx, r.device)
			if err != nil {
				return nil, fault.About("ResourceSlices of driver "+r.Driver, err)
			}
			id, resource := told.ID.String, cmp.Or(told.Resource.String, u.resource)
			if id != "" && resource != "" && !slices.Contains(found[resource], id) {
				found[resource] = append(found[resource], id)
			}
		}
	}
	return found, nil
}

// dynamic is a request for resources of dynamic resource allocation, in the newest
// version that the cluster has.
func dynamic(resource string) request {
	newest := schema.GroupVersionResource{Group: "resource.k8s.io", Version: "v1", Resource: resource}
	return request{verb: "get", resource: newest, older: []string{"v1beta2", "v1beta1"}}
}

// claim reads a claim, which has to be the pod's.
func (c *Client) claim(ctx context.Context, ref plan.Ref, podUID string) (*resourceClaim, error) {
	var claim resourceClaim
	q := dynamic("resourceclaims")
	q.ref = ref
	if err := c.ask(ctx, q, &claim); err != nil {
		return nil, err
	}
	for _, r := range claim.Status.ReservedFor {
		if r.UID == podUID {
			return &claim, nil
		}
	}
	return nil, unavailable("it is not reserved for the pod")
}

// attributes are what a driver tells of a device.
type attributes struct {
	ID       text `json:"k8s.cni.cncf.io/deviceID"`
	Resource text `json:"k8s.cni.cncf.io/resourceName"`
}

type text struct {
	String string `json:"string"`
}

type resourceSlice struct {
	Spec struct {
		Driver   string `json:"driver"`
		NodeName string `json:"nodeName"`
		Pool     struct {
			Name       string `json:"name"`
			Generation int64  `json:"generation"`
		} `json:"pool"`
		Devices []struct {
			Name       string     `json:"name"`
			Attributes attributes `json:"attributes"`
			Basic      struct {   // in v1beta1
				Attributes attributes `json:"attributes"`
			} `json:"basic"`
		} `json:"devices"`
	} `json:"spec"`
}

// drivers are what drivers tell of devices, as far as it has been read.
type drivers struct {
	client *Client
	node   string
	read   map[string]bool // by driver and node
	told   map[device]attributes
}

// attributes are those of a device. Most devices are of one node, and a few of several.
func (d drivers) attributes(ctx context.Context, of device) (attributes, error) {
	for _, node := range []string{d.node, ""} {
		from := of.Driver + "/" + node
		if _, known := d.told[of]; known || d.read[from] {
			continue
		}
		d.read[from] = true
		if err := d.readSlices(ctx, of.Driver, node); err != nil {
			return attributes{}, err
		}
	}
	return d.told[of], nil
}

// readSlices reads the attributes of all devices of a driver on a node, or, with
// no node, of those that several nodes may have. Of a pool the newest generation
// counts.
func (d drivers) readSlices(ctx context.Context, driver, node string) error {
	const several = 25 // each can have 128 devices
	q := dynamic("resourceslices")
	q.query = url.Values{"fieldSelector": {"spec.driver=" + driver + ",spec.nodeName=" + node}}
	found, err := list[resourceSlice](ctx, d.client, q, several)
	generations := map[string]int64{}
	for _, s := range found {
		pool := s.Spec.Pool
		if s.Spec.Driver != driver || s.Spec.NodeName != node || pool.Generation < generations[pool.Name] {
			continue
		}
		generations[pool.Name] = pool.Generation
		for _, one := range s.Spec.Devices {
			d.told[device{driver, pool.Name, one.Name}] = cmp.Or(one.Attributes, one.Basic.Attributes)
		}
	}
	return err
}
