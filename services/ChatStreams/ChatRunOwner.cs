using MedCor.ServiceDefaults.Authentication;

namespace MedCor.ChatStreams;

/// <summary>Whose a chat call is: it is there for nobody else.</summary>
/// <param name="HospitalId">Their hospital; nil for who belongs to none.</param>
/// <param name="UserId">The user; nil for who has the server token.</param>
public sealed record ChatRunOwner(Guid HospitalId, Guid UserId)
{
    /// <summary>Whoever has the server token: one caller, who sees their own calls like any other.</summary>
    public static readonly ChatRunOwner Server = new(Guid.Empty, Guid.Empty);

    /// <summary>A user.</summary>
    public static ChatRunOwner Of(Caller caller) => new(caller.HospitalId ?? Guid.Empty, caller.UserId);

    /// <summary>How they are written in Redis' keys.</summary>
    public string Key => UserId.ToString("N");
}
