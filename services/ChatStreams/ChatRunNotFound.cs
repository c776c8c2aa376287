using MedCor.Contracts;
using MedCor.Contracts.Chat;

namespace MedCor.ChatStreams;

/// <summary>Reports that the chat run does not exist or belongs to another owner.</summary>
public sealed class ChatRunNotFound(string id) : ApiException(404, ChatErrorCodes.CallNotFound, $"Call '{(id.Length > 100 ? id[..100] : id)}' not found");
