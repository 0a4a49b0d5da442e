package kube

import (
	"context"
	"errors"
	"fmt"
	"net/http"
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
		NodeName       string      `json:"nodeName"`
		InitContainers []container `json:"initContainers"`
		Containers     []container `json:"containers"`
		ResourceClaims []struct {
			Name              string `json:"name"`
			ResourceClaimName string `json:"resourceClaimName"`
		} `json:"resourceClaims"`
	} `json:"spec"`
	Status struct {
		// ResourceClaimStatuses has the claims that were made from templates.
		ResourceClaimStatuses []struct {
			Name              string `json:"name"`
			ResourceClaimName string `json:"resourceClaimName"`
		} `json:"resourceClaimStatuses"`
		// ExtendedResourceClaimStatus has the one claim that was made for the
		// extended resources that a scheduler met with devices of drivers.
		ExtendedResourceClaimStatus struct {
			ResourceClaimName string    `json:"resourceClaimName"`
			RequestMappings   []mapping `json:"requestMappings"`
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

// mapping says which request of the extended resources' claim stands for what.
type mapping struct {
	ContainerName string `json:"containerName"`
	ResourceName  string `json:"resourceName"`
	RequestName   string `json:"requestName"`
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
	Request     string `json:"request"` // of a list of alternatives: request/alternative
	Driver      string `json:"driver"`
	Pool        string `json:"pool"`
	Device      string `json:"device"`
	ShareID     string `json:"shareID"`
	AdminAccess bool   `json:"adminAccess"`
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
	for _, s := range p.Status.ResourceClaimStatuses {
		names[s.Name] = s.ResourceClaimName
	}
	for _, c := range p.Spec.ResourceClaims {
		if c.ResourceClaimName != "" {
			names[c.Name] = c.ResourceClaimName
		}
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
	// A claim from a template that turned out not to be needed has no name.
	return slices.DeleteFunc(uses, func(u use) bool { return u.claim == "" })
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
	if len(uses) == 0 {
		return nil, nil
	}
	if pod.UID != "" && string(p.UID) != pod.UID {
		return nil, unavailable("the pod of that name has the UID %s, not %s", p.UID, pod.UID)
	}
	allocated, err := c.allocated(ctx, &p, uses)
	if err != nil {
		return nil, err
	}
	return c.identify(ctx, p.Spec.NodeName, allocated)
}

// device is an allocated device, in whatever share.
type device struct {
	driver, pool, name string
}

// allocation is a device and the extended resource that it was allocated for.
type allocation struct {
	device
	resource string
}

// allocated are the devices of what is used, each once.
func (c *Client) allocated(ctx context.Context, p *claimingPod, uses []use) ([]allocation, error) {
	var devices []allocation
	claims := map[string]*resourceClaim{}
	for _, u := range uses {
		claim, err := claims[u.claim], error(nil)
		if claim == nil {
			claim, err = c.claim(ctx, plan.Ref{Namespace: p.Namespace, Name: u.claim}, p)
		}
		if err != nil {
			return nil, fault.About("ResourceClaim "+p.Namespace+"/"+u.claim, err)
		}
		claims[u.claim] = claim
		for _, r := range claim.Status.Allocation.Devices.Results {
			d := device{r.Driver, r.Pool, r.Device}
			known := slices.ContainsFunc(devices, func(a allocation) bool { return a.device == d })
			if r.AdminAccess || known || !u.covers(r.Request) {
				continue
			}
			devices = append(devices, allocation{d, u.resource})
		}
	}
	return devices, nil
}

// covers tells whether a device that was allocated for a request is used.
func (u use) covers(request string) bool {
	return u.request == "" || request == u.request || strings.HasPrefix(request, u.request+"/")
}

// claim reads a claim, which has to be the pod's.
func (c *Client) claim(ctx context.Context, ref plan.Ref, p *claimingPod) (*resourceClaim, error) {
	var claim resourceClaim
	if err := c.askResource(ctx, request{verb: "get", resource: schema.GroupVersionResource{Resource: "resourceclaims"}, ref: ref}, &claim); err != nil {
		return nil, err
	}
	for _, r := range claim.Status.ReservedFor {
		if r.UID == string(p.UID) {
			return &claim, nil
		}
	}
	return nil, unavailable("it is not reserved for the pod")
}

// askResource is ask for the resources of dynamic resource allocation, in the
// newest version that the cluster has.
func (c *Client) askResource(ctx context.Context, q request, into any) error {
	var last error
	for _, version := range []string{"v1", "v1beta2", "v1beta1"} {
		q.resource.Group, q.resource.Version = "resource.k8s.io", version
		body, f := c.do(ctx, q)
		switch {
		case f == nil:
			return q.decode(body, into)
		case f.status.Code != http.StatusNotFound || f.status.Details.Name != "":
			return f.err
		}
		last = f.err
	}
	return errors.Join(last, plan.ErrUnavailable)
}

// identify finds the IDs of devices and the resources that they belong to.
func (c *Client) identify(ctx context.Context, node string, allocated []allocation) (map[string][]string, error) {
	attributes, found := map[device]attributes{}, map[string][]string{}
	read := map[string]bool{}
	for _, a := range allocated {
		// Most devices are of one node, and a few of several.
		for _, of := range []string{node, ""} {
			from := a.driver + "/" + of
			if _, known := attributes[a.device]; known || read[from] {
				continue
			}
			read[from] = true
			if err := c.readSlices(ctx, a.driver, of, attributes); err != nil {
				return nil, fault.About("ResourceSlices of driver "+a.driver, err)
			}
		}
		id := attributes[a.device].text("k8s.cni.cncf.io/deviceID")
		resource := attributes[a.device].text("k8s.cni.cncf.io/resourceName")
		if resource == "" {
			resource = a.resource
		}
		if id != "" && resource != "" && !slices.Contains(found[resource], id) {
			found[resource] = append(found[resource], id)
		}
	}
	return found, nil
}

// attributes are what a driver tells of a device.
type attributes map[string]struct {
	String string `json:"string"`
}

func (a attributes) text(name string) string { return a[name].String }

// resourceSlices is a page of ResourceSlices.
type resourceSlices struct {
	Metadata struct {
		Continue string `json:"continue"`
	} `json:"metadata"`
	Items []resourceSlice `json:"items"`
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

// addTo notes what the slice tells of its devices.
func (s resourceSlice) addTo(known map[device]attributes) {
	for _, d := range s.Spec.Devices {
		told := d.Attributes
		if told == nil {
			told = d.Basic.Attributes
		}
		known[device{s.Spec.Driver, s.Spec.Pool.Name, d.Name}] = told
	}
}

// Bounds of what is read of slices: each can have 128 devices.
const (
	slicesPerPage = "25"
	maxPages      = 200
)

// readSlices reads the attributes of all devices of a driver on a node, or, with
// no node, of those that several nodes may have. Of a pool the newest generation
// counts.
func (c *Client) readSlices(ctx context.Context, driver, node string, into map[device]attributes) error {
	query := url.Values{"limit": {slicesPerPage}, "fieldSelector": {"spec.driver=" + driver + ",spec.nodeName=" + node}}
	generations := map[string]int64{}
	for range maxPages {
		var page resourceSlices
		q := request{verb: "list", resource: schema.GroupVersionResource{Resource: "resourceslices"}, query: query}
		if err := c.askResource(ctx, q, &page); err != nil {
			return err
		}
		for _, item := range page.Items {
			pool := item.Spec.Pool
			if item.Spec.Driver != driver || item.Spec.NodeName != node || pool.Generation < generations[pool.Name] {
				continue
			}
			generations[pool.Name] = pool.Generation
			item.addTo(into)
		}
		if page.Metadata.Continue == "" {
			return nil
		}
		query.Set("continue", page.Metadata.Continue)
	}
	return fmt.Errorf("more than %d pages of %s", maxPages, slicesPerPage)
}
