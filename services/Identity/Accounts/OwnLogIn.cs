using MedCor.Contracts;
using MedCor.ServiceDefaults.Authentication;

namespace MedCor.Identity.Accounts;

/// <summary>Keeps from programs what would let them keep the access that a user has given them and can withdraw, or give it to others.</summary>
internal static class OwnLogIn
{
    /// <summary>Throws <see cref="Forbidden"/> for a program, whether it acts for a user or has a service account.</summary>
    /// <param name="actions">What users alone do, in words that follow "Only users who have logged in themselves".</param>
    internal static void RequireOwnLogIn(this Caller caller, string actions)
    {
        if (caller.ClientId is not null) throw new Forbidden($"Only users who have logged in themselves {actions}.");
    }
}
