using MedCor.ServiceDefaults.Access;
using MedCor.ServiceDefaults.Problems;

namespace MedCor.Gateway.Tools;

/// <summary>Who stands at the door, and what goes along to the services with each of their calls: nothing else that they sent does.</summary>
/// <param name="Authorization">Their token as they sent it; every service checks it for itself.</param>
/// <param name="RequestId">The label of what they are doing now.</param>
/// <param name="Address">Where their connection comes from.</param>
internal sealed record Visitor(Caller Caller, string Authorization, string RequestId, string? Address)
{
    /// <summary>The sender of a request. Throws <see cref="Unauthenticated"/> when their token is missing or does not count.</summary>
    public static async ValueTask<Visitor> Of(HttpContext http, TokenCheck check) =>
        new(await check.Require(http), http.Request.Headers.Authorization.ToString(), http.RequestId(), http.PeerAddress());
}
