//! Values as Parquet stores them: eight physical types, and one enum for all.

use parquet::basic::Type;
use parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DataType, DoubleType, FixedLenByteArray, FixedLenByteArrayType, FloatType,
    Int32Type, Int64Type, Int96, Int96Type,
};

/// A value that is there.
#[derive(Clone, PartialEq)]
pub(super) enum Value {
    Bool(bool),
    Int32(i32),
    Int64(i64),
    /// A day of Julius' and its nanoseconds.
    Int96([u32; 3]),
    Float(f32),
    Double(f64),
    Bytes(Vec<u8>),
}

impl Value {
    /// Whether it is bytes that are no text.
    pub(super) fn is_no_text(&self) -> bool {
        matches!(self, Self::Bytes(bytes) if std::str::from_utf8(bytes).is_err())
    }
}

/// A physical type.
pub(super) trait Physical: DataType {
    fn value(native: &Self::T) -> Value;
    fn native(value: &Value) -> Option<Self::T>;
    /// The bytes that are hashed.
    fn bytes(native: &Self::T, out: &mut Vec<u8>);
    /// How long it is, if that differs.
    fn length(_: &Self::T) -> usize {
        size_of::<Self::T>()
    }
}

macro_rules! plain {
    ($type:ty, $variant:ident) => {
        impl Physical for $type {
            fn value(native: &Self::T) -> Value {
                Value::$variant(*native)
            }

            fn native(value: &Value) -> Option<Self::T> {
                if let Value::$variant(value) = value { Some(*value) } else { None }
            }

            fn bytes(native: &Self::T, out: &mut Vec<u8>) {
                out.extend_from_slice(&native.to_le_bytes());
            }
        }
    };
}

plain!(Int32Type, Int32);
plain!(Int64Type, Int64);
plain!(FloatType, Float);
plain!(DoubleType, Double);

impl Physical for BoolType {
    fn value(native: &bool) -> Value {
        Value::Bool(*native)
    }

    fn native(value: &Value) -> Option<bool> {
        if let Value::Bool(value) = value { Some(*value) } else { None }
    }

    fn bytes(native: &bool, out: &mut Vec<u8>) {
        out.push(u8::from(*native));
    }
}

impl Physical for Int96Type {
    fn value(native: &Int96) -> Value {
        let mut words = [0; 3];
        words.copy_from_slice(&native.data()[..3]);
        Value::Int96(words)
    }

    fn native(value: &Value) -> Option<Int96> {
        let Value::Int96([low, high, day]) = value else { return None };
        let mut native = Int96::new();
        native.set_data(*low, *high, *day);
        Some(native)
    }

    fn bytes(native: &Int96, out: &mut Vec<u8>) {
        for word in native.data() {
            out.extend_from_slice(&word.to_le_bytes());
        }
    }
}

macro_rules! of_bytes {
    ($type:ty, $native:ty) => {
        impl Physical for $type {
            fn value(native: &$native) -> Value {
                Value::Bytes(native.data().to_vec())
            }

            fn native(value: &Value) -> Option<$native> {
                if let Value::Bytes(bytes) = value { Some(<$native>::from(bytes.clone())) } else { None }
            }

            fn bytes(native: &$native, out: &mut Vec<u8>) {
                out.extend_from_slice(&(native.len() as u32).to_le_bytes());
                out.extend_from_slice(native.data());
            }

            fn length(native: &$native) -> usize {
                native.len()
            }
        }
    };
}

of_bytes!(ByteArrayType, ByteArray);
of_bytes!(FixedLenByteArrayType, FixedLenByteArray);

/// Does something that each physical type does in its own way.
pub(super) trait ForPhysical {
    type Output;
    fn with<T: Physical>(self) -> Self::Output;
}

/// Does it for the type that a column turned out to have.
pub(super) fn for_physical<F: ForPhysical>(kind: Type, act: F) -> F::Output {
    match kind {
        Type::BOOLEAN => act.with::<BoolType>(),
        Type::INT32 => act.with::<Int32Type>(),
        Type::INT64 => act.with::<Int64Type>(),
        Type::INT96 => act.with::<Int96Type>(),
        Type::FLOAT => act.with::<FloatType>(),
        Type::DOUBLE => act.with::<DoubleType>(),
        Type::BYTE_ARRAY => act.with::<ByteArrayType>(),
        Type::FIXED_LEN_BYTE_ARRAY => act.with::<FixedLenByteArrayType>(),
    }
}
