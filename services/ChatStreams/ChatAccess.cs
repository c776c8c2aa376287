using MedCor.Contracts;
using MedCor.ServiceDefaults.Authentication;

namespace MedCor.ChatStreams;

/// <summary>Decides which users may chat.</summary>
public static class ChatAccess
{
    /// <summary>Throws <see cref="Forbidden"/> for a receptionist, also about runs that the user has started in another role.</summary>
    public static void RequireChat(this Caller caller)
    {
        if (caller.Kind == Callers.Receptionist) throw new Forbidden("The chat is not for receptionists, because it can contain clinical content.");
    }
}
