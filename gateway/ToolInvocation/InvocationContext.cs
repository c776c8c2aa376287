using MedCor.Gateway.Authentication;
using MedCor.Gateway.Limits;
using MedCor.ServiceDefaults.Authentication;
using MedCor.ServiceDefaults.Telemetry;

namespace MedCor.Gateway.ToolInvocation;

/// <summary>Represents the caller of tools or resources, and how the call arrived.</summary>
/// <param name="Authorization">The <c>Authorization</c> header for services, which validate it themselves.</param>
/// <param name="RequestId">The request id.</param>
/// <param name="ClientAddress">The address of the connection.</param>
/// <param name="Surface">The surface of the call, for metrics: <c>invoke</c>, <c>batch</c>, …</param>
internal sealed record InvocationContext(Caller Caller, string Authorization, string RequestId, string? ClientAddress, string Surface)
{
    /// <summary>Gets the headers of requests to services.</summary>
    public ServiceCallHeaders ServiceHeaders => new(Authorization, RequestId, ClientAddress, CallerKey.Of(Caller));

    /// <summary>Returns the context of a request to an endpoint that authenticates users.</summary>
    public static InvocationContext FromRequest(HttpContext http, string surface) =>
        new(http.GetUser(), http.GetCallerIdentity().Authorization, http.RequestId(), http.PeerAddress(), surface);
}
