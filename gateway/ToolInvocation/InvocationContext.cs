using MedCor.Gateway.Authentication;
using MedCor.ServiceDefaults.Authentication;

namespace MedCor.Gateway.ToolInvocation;

/// <summary>Who stands at the door.</summary>
/// <param name="Authorization">Their token as they sent it; every service checks it for itself.</param>
/// <param name="RequestId">The label of what they are doing now.</param>
/// <param name="ClientAddress">Where their connection comes from.</param>
/// <param name="Surface">What they call through, for the figures: <c>invoke</c>, <c>batch</c>, …</param>
internal sealed record InvocationContext(Caller Caller, string Authorization, string RequestId, string? ClientAddress, string Surface)
{
    /// <summary>What goes along of them.</summary>
    public ServiceCallHeaders ServiceHeaders => new(Authorization, RequestId, ClientAddress, RequestAdmission.GetCallerKey(Caller));
}
