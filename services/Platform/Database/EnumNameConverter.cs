using MedCor.Contracts;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace MedCor.Platform.Database;

/// <summary>Stores the values of an enum by their names in the contract.</summary>
public sealed class EnumNameConverter<T>() : ValueConverter<T, string>(value => EnumNames.Of(value), name => EnumNames.Parse<T>(name)) where T : struct, Enum;
