using MedCor.ServiceDefaults.Authentication;

namespace MedCor.Gateway.Limits;

/// <summary>
/// Represents the key of a request's quota: its caller or, if the caller is unknown, the client's address. It is a feature of the request.
/// </summary>
internal sealed record CallerKey(string Value)
{
    /// <summary>Returns the key of a user's quota, which is the same on every surface.</summary>
    public static string Of(Caller caller) => caller.UserId.ToString("N");
}
