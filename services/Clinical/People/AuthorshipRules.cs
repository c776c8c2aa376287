using MedCor.Contracts;
using MedCor.ServiceDefaults.Authentication;

namespace MedCor.Clinical.People;

/// <summary>Restricts in whose name a caller may write.</summary>
internal static class AuthorshipRules
{
    /// <summary>
    /// Throws <see cref="Forbidden"/> when a doctor writes in the name of another doctor. Nurses and administrators, who are not responsible for treatments
    /// themselves, name the doctor who is.
    /// </summary>
    internal static void EnsureMayWriteFor(this Caller caller, Guid doctorId)
    {
        if (caller.Kind == Callers.Doctor && caller.UserId != doctorId) throw new Forbidden("Doctors write in their own name only.");
    }
}
