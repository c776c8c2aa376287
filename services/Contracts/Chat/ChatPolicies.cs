using System.ComponentModel.DataAnnotations;
using MedCor.Contracts.Clinical;

namespace MedCor.Contracts.Chat;

/// <summary>Represents what the chat may do for the users of a hospital. A hospital that has set nothing has the defaults.</summary>
/// <param name="IsEnabled">Whether the users of the hospital can chat with the model. <example>true</example></param>
/// <param name="ToolsEnabled">Whether the model can call tools with the rights of the user who asks. <example>false</example></param>
/// <param name="Version">The version, which every change increases; 0 while the hospital has the defaults. <example>1</example></param>
[Audited(AuditKind.Administration, "chat_policies")]
public sealed record ChatPolicy(Guid HospitalId, bool IsEnabled, bool ToolsEnabled, long Version);

/// <summary>Returns what the chat may do for the users of a hospital.</summary>
/// <param name="HospitalId">The ID of the hospital; for administrators of a hospital, their own by default.</param>
[Tool("get_chat_policy", Effect.Read, Callers.Admins)]
public sealed record GetChatPolicy(Guid? HospitalId = null) : ITool<ChatPolicy>;

/// <summary>
/// Changes what the chat may do for the users of a hospital, from the next question on. Omitted fields stay unchanged. Turn tools on only if the model may see
/// what the users of the hospital may see.
/// </summary>
/// <param name="HospitalId">The ID of the hospital; for administrators of a hospital, their own by default.</param>
/// <param name="IsEnabled">Whether the users of the hospital can chat with the model; true by default.</param>
/// <param name="ToolsEnabled">Whether the model can call tools with the rights of the user who asks; false by default.</param>
/// <param name="ExpectedVersion">The expected version; the change is rejected if it is another by then.</param>
[Tool("update_chat_policy", Effect.Update, Callers.Admins)]
public sealed record UpdateChatPolicy(
    Guid? HospitalId = null,
    bool? IsEnabled = null,
    bool? ToolsEnabled = null,
    [property: NotAField] long? ExpectedVersion = null) : ITool<ChatPolicy>;
