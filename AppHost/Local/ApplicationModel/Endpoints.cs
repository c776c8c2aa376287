namespace MedCor.Hosting.ApplicationModel;

/// <summary>Where a resource listens.</summary>
public sealed class EndpointAnnotation
{
    internal EndpointAnnotation(string name, int? port) => (Name, Port) = (name, port);

    /// <summary>The endpoint's name, <c>http</c> unless given.</summary>
    public string Name { get; }

    /// <summary>The port of the first replica (the others take the next free ones), or null for any free one.</summary>
    public int? Port { get; set; }

    /// <summary>The host name or address to listen on.</summary>
    public string TargetHost { get; set; } = "localhost";

    /// <summary>Whether it is meant for people and clients outside the application.</summary>
    public bool IsExternal { get; set; }
}

/// <summary>An endpoint, named before its address is known.</summary>
public sealed class EndpointReference
{
    internal EndpointReference(IResourceWithEndpoints resource, string endpointName) => (Resource, EndpointName) = (resource, endpointName);

    /// <summary>The resource that listens there.</summary>
    public IResourceWithEndpoints Resource { get; }

    /// <summary>The endpoint's name.</summary>
    public string EndpointName { get; }

    /// <summary>Its address, without a slash at the end; known once the application starts.</summary>
    public string Url => ((ProjectResource)Resource).Addresses[0].GetLeftPart(UriPartial.Authority);
}

/// <summary>A link that is shown with a resource.</summary>
public sealed class ResourceUrlAnnotation
{
    /// <summary>The address; a relative one is resolved against the endpoint's.</summary>
    public required string Url { get; set; }

    /// <summary>What the link is called.</summary>
    public string? DisplayText { get; set; }
}
