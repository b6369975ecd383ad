"""What the claims build on besides the paper, each written once, for `Claim.references`."""

from __future__ import annotations

from typing import Final

ACHLIOPTAS_2003: Final = (
    "D. Achlioptas, 'Database-friendly random projections: Johnson-Lindenstrauss with binary "
    "coins', Journal of Computer and System Sciences 66(4), 2003"
)
AHMED_1974: Final = (
    "N. Ahmed, T. Natarajan, K. R. Rao, 'Discrete cosine transform', IEEE Transactions on "
    "Computers C-23, 1974"
)
BREIMAN_2001: Final = "L. Breiman, 'Random forests', Machine Learning 45, 2001"
CHAN_1983: Final = (
    "T. F. Chan, G. H. Golub, R. J. LeVeque, 'Algorithms for computing the sample variance', The "
    "American Statistician 37(3), 1983"
)
CHEN_LIU_2005: Final = (
    "K. Chen, L. Liu, 'Privacy preserving data classification with rotation perturbation', ICDM, "
    "2005"
)
CHUMAN_2017: Final = (
    "T. Chuman, K. Kurihara, H. Kiya, 'On the security of block scrambling-based EtC systems "
    "against jigsaw puzzle solver attacks', ICASSP, 2017"
)
CHUMAN_2019: Final = (
    "T. Chuman, W. Sirichotedumrong, H. Kiya, 'Encryption-then-compression systems using "
    "grayscale-based image encryption for JPEG images', IEEE Transactions on Information Forensics "
    "and Security 14(6), 2019"
)
CORTES_VAPNIK_1995: Final = (
    "C. Cortes, V. Vapnik, 'Support-vector networks', Machine Learning 20, 1995"
)
COVER_HART_1967: Final = (
    "T. M. Cover, P. E. Hart, 'Nearest neighbor pattern classification', IEEE Transactions on "
    "Information Theory 13(1), 1967"
)
GALLAGHER_2012: Final = (
    "A. C. Gallagher, 'Jigsaw puzzles with pieces of unknown orientation', CVPR, 2012"
)
HIGHAM_2002: Final = (
    "N. J. Higham, 'Accuracy and Stability of Numerical Algorithms', 2nd edition, SIAM, 2002"
)
HORN_JOHNSON_2013: Final = (
    "R. A. Horn, C. R. Johnson, 'Matrix Analysis', 2nd edition, 2013, section 2.1"
)
IEEE_754: Final = "IEEE Standard for Floating-Point Arithmetic, IEEE 754-2019"
JOHNSON_LINDENSTRAUSS_1984: Final = (
    "W. B. Johnson, J. Lindenstrauss, 'Extensions of Lipschitz mappings into a Hilbert space', "
    "Contemporary Mathematics 26, 1984"
)
KURIHARA_2015: Final = (
    "K. Kurihara, S. Shiota, H. Kiya, 'An encryption-then-compression system for JPEG standard', "
    "Picture Coding Symposium, 2015"
)
LI_2008: Final = (
    "S. Li, C. Li, G. Chen, N. G. Bourbakis, K.-T. Lo, 'A general quantitative cryptanalysis of "
    "permutation-only multimedia ciphers against plaintext attacks', Signal Processing: Image "
    "Communication 23(3), 2008"
)
NG_2004: Final = (
    "A. Ng, 'Feature selection, L1 vs. L2 regularization, and rotational invariance', ICML, 2004"
)
OGITA_AISHIMA_2018: Final = (
    "T. Ogita, K. Aishima, 'Iterative refinement for symmetric eigenvalue decomposition', Japan "
    "Journal of Industrial and Applied Mathematics 35, 2018"
)
OZAKI_2012: Final = (
    "K. Ozaki, T. Ogita, S. Oishi, S. M. Rump, 'Error-free transformations of matrix "
    "multiplication by using fast routines of matrix multiplication and its applications', "
    "Numerical Algorithms 59, 2012"
)
SCHOELKOPF_1998: Final = (
    "B. Schoelkopf, A. J. Smola, K.-R. Mueller, 'Nonlinear component analysis as a kernel "
    "eigenvalue problem', Neural Computation 10, 1998"
)
SCHOELKOPF_SMOLA_2002: Final = (
    "B. Schoelkopf, A. J. Smola, 'Learning with Kernels', 2002, section 2.2"
)
WALLACE_1992: Final = (
    "G. K. Wallace, 'The JPEG still picture compression standard', IEEE Transactions on Consumer "
    "Electronics 38(1), 1992"
)
ZIV_1991: Final = (
    "A. Ziv, 'Fast evaluation of elementary mathematical functions with correctly rounded last "
    "bit', ACM Transactions on Mathematical Software 17(3), 1991"
)
