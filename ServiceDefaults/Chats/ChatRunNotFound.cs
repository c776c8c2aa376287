using MedCor.Contracts.Chat;
using MedCor.ServiceDefaults.Problems;

namespace MedCor.ServiceDefaults.Chats;

/// <summary>There is no such call, as far as its asker may know.</summary>
public sealed class ChatRunNotFound(string call) : ApiException(404, ChatErrorCodes.CallNotFound, $"Call '{(call.Length > 100 ? call[..100] : call)}' not found");
