using MedCor.ServiceDefaults.Authentication;

namespace MedCor.Gateway.Limits;

/// <summary>Represents the key under which a request is counted: its caller or, if the caller is unknown, the client's address. It is a feature of the request.</summary>
internal sealed record CallerKey(string Value)
{
    /// <summary>Returns the key under which a user is counted, whatever surface they use.</summary>
    public static string Of(Caller caller) => caller.UserId.ToString("N");
}
