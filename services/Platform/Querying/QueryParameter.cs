using System.Linq.Expressions;

namespace MedCor.Platform.Querying;

/// <summary>Passes a value as a parameter of the statement, so that one statement serves all values.</summary>
internal static class QueryParameter
{
    internal static MemberExpression Of<TValue>(TValue value) => Expression.Field(Expression.Constant(new Box<TValue>(value)), nameof(Box<TValue>.Value));

    private sealed class Box<TValue>(TValue value)
    {
        public readonly TValue Value = value;
    }
}
