using MedCor.ServiceDefaults.Authentication;

namespace MedCor.ChatStreams;

/// <summary>Identifies the owner of a chat run. A run is visible to its owner only.</summary>
/// <param name="HospitalId">The owner's hospital; <see cref="Guid.Empty"/> when the owner belongs to none.</param>
/// <param name="UserId">The user; <see cref="Guid.Empty"/> for the server token.</param>
public sealed record ChatRunOwner(Guid HospitalId, Guid UserId)
{
    /// <summary>The owner for the server token. All programs with the token count as one owner, which sees its own runs like any other.</summary>
    public static readonly ChatRunOwner Server = new(Guid.Empty, Guid.Empty);

    /// <summary>Returns the owner for a user.</summary>
    public static ChatRunOwner Of(Caller caller) => new(caller.HospitalId ?? Guid.Empty, caller.UserId);

    /// <summary>Gets the owner's representation in Redis keys.</summary>
    public string Key => UserId.ToString("N");
}
