namespace MedCor.Tests.Services.Chat;

/// <summary>Groups the tests that share the replicas of <see cref="ChatFixture"/>.</summary>
[CollectionDefinition(nameof(ChatCollection))]
public sealed class ChatCollection : ICollectionFixture<ChatFixture>;
